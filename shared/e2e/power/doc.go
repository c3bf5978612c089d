// Package power replays power losses. It records what real processes ask of the
// file system, with strace, and makes of any moment of that record the files
// that a disk could hold if the power had failed there.
//
// [Record] runs a program, and everything that it starts, under strace and
// writes a trace; [Read] reads the trace's [Event]s in their order; a [Disk] plays them
// and gives an [Image] of the files below a folder at any time. What a completed
// fsync of a file covered is in every image of it. What was written since may be
// missing, whole, or torn at sectors of 512 bytes. A name that was made, taken
// away or changed since the last fsync of its folder may be as it was before, and
// those acts come in their order, as a journalling file system keeps them.
//
// It sees what SQLite's files need: open, pwrite, ftruncate, fsync, unlink,
// rename. [Disk.Verify] says whether that was all that happened to a file. Maps
// of memory are not seen; SQLite maps only its -shm, which no power loss keeps.
//
// The package knows nothing of Plait, and never decides what must be in an image.
package power
