package wire

// Profile is what the hub must know of a store's mapping to predict a job's
// outcome (decision 11). It is uploaded when its digest is new to the hub.
type Profile struct {
	POS   string        `json:"pos"` // engine and version, for people
	Kinds []ProfileKind `json:"kinds"`
}

// ProfileKind is one mapped kind.
type ProfileKind struct {
	Kind       string         `json:"kind"`
	UploadOnly bool           `json:"upload_only,omitempty"`
	Paused     string         `json:"paused,omitempty"` // why jobs cannot be applied now; "" if they can
	CanDelete  bool           `json:"can_delete"`
	Fields     []ProfileField `json:"fields"`
}

// ProfileField is one mapped field.
type ProfileField struct {
	Name     string `json:"name"`
	ReadOnly bool   `json:"read_only,omitempty"` // read and uploaded, never written
	Required bool   `json:"required,omitempty"`  // the POS refuses a row without it
	Default  bool   `json:"default,omitempty"`   // the mapping has a value for creation
	// DefaultValue is that value in item's canonical form; "" if it has none, or one
	// that is no value of the field's type.
	DefaultValue string   `json:"default_value,omitempty"`
	MaxLen       int      `json:"max_len,omitempty"` // in characters; 0 if unlimited
	Columns      []string `json:"columns,omitempty"` // of a rows field
}
