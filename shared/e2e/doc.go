// Package e2e tests what needs the whole project: both programs talking to each
// other, and the rules about the source itself, namely which room may import
// which, who may look at the clock, and what lies at the top of the tree.
// Nothing imports it.
package e2e
