package settings

import "golang.org/x/sys/windows"

// ProgramData is the folder below which installed programs keep what belongs to
// no user. The system is asked for it, for the environment of a service may
// lack it.
func ProgramData() string {
	path, err := windows.KnownFolderPath(windows.FOLDERID_ProgramData, 0)
	if err != nil {
		return `C:\ProgramData`
	}
	return path
}
