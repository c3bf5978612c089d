//go:build !linux

package rig

func usageOf(int) Usage { return Usage{} }
