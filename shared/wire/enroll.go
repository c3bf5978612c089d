package wire

// Enroll redeems an enrolment code. It is the only message without a credential.
type Enroll struct {
	Protocol     int    `json:"protocol"`
	Code         string `json:"code"`
	Installation string `json:"installation"` // chosen by the agent; presented again if the answer was lost
	Host         string `json:"host"`         // the PC's name, for people
	Credential   string `json:"credential"`   // chosen by the agent: only its hash is stored at the hub
}

// Enrolled answers an Enroll. It is repeated for the same code and installation,
// so that a lost answer costs no second code.
type Enrolled struct {
	Network   string `json:"network"`
	Store     string `json:"store"`
	StoreName string `json:"store_name"`
	Role      string `json:"role"`
	Catalog   string `json:"catalog"`
}
