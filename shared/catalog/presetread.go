package catalog

import (
	"fmt"
	"io/fs"
	"slices"

	"plait/shared/item"

	"gopkg.in/yaml.v3"
)

// maxRules bounds a preset.
const maxRules = 100

// LoadPreset reads a preset for the kinds of c. Its error is Problems, with
// everything that is wrong in the file and with what it would make of the kinds,
// or an error of fsys.
func LoadPreset(fsys fs.FS, name string, c *Catalog) (Preset, error) {
	var found Problems
	f := &presetFile{yamlFile: newYAMLFile(name, "preset", &found)}
	root, err := f.open(fsys)
	if err != nil {
		return Preset{}, err
	}
	if root != nil {
		f.read(root)
		f.check(c)
	}
	if len(found) == 0 {
		found = f.preset.Over(c).problems()
	}
	if len(found) > 0 {
		return Preset{}, sorted(found)
	}
	return f.preset, nil
}

// presetFile is a preset's file, and what was read from it.
type presetFile struct {
	*yamlFile
	preset Preset
}

func (f *presetFile) read(root *yaml.Node) {
	p := &f.preset
	set := func(to *string) reader { return func(n *yaml.Node) { *to = f.text(n, "") } }
	f.mapping(root, "", "", map[string]reader{
		"preset":           set(&p.Name),
		"title":            set(&p.Title),
		"help":             set(&p.Help),
		"source":           set(&p.Source),
		"head_office_only": func(n *yaml.Node) { p.HeadOfficeOnly = f.flag(n, "") },
		"no_adopt":         func(n *yaml.Node) { p.NoAdopt = f.flag(n, "") },
		"rules":            func(n *yaml.Node) { f.rules(n) },
		"forbid":           func(n *yaml.Node) { p.Forbid = f.list(n, "forbid") },
	})
}

func (f *presetFile) rules(n *yaml.Node) {
	if n.Kind != yaml.SequenceNode || len(n.Content) > maxRules {
		f.malformed(n.Line, "rules", fmt.Sprintf("a list of at most %d rules is needed here, each \"- {…}\"", maxRules))
		return
	}
	for i, each := range n.Content {
		f.preset.Rules = append(f.preset.Rules, f.rule(each, ruleAt(i), ruleWhere(i)))
	}
}

func ruleAt(i int) string    { return fmt.Sprintf("rules.%d", i+1) }
func ruleWhere(i int) string { return fmt.Sprintf("rule %d", i+1) }

func (f *presetFile) rule(n *yaml.Node, at, where string) PresetRule {
	var r PresetRule
	f.lines[at] = n.Line
	f.mapping(n, at, where, map[string]reader{
		"kinds":     func(n *yaml.Node) { r.Kinds = f.list(n, where) },
		"refers_to": func(n *yaml.Node) { r.RefersTo = f.list(n, where) },
		"policies": func(n *yaml.Node) {
			for _, name := range f.list(n, where) {
				r.Policies = append(r.Policies, item.Policy(name))
			}
		},
		"keep":   func(n *yaml.Node) { r.Keep = f.flag(n, where) },
		"become": func(n *yaml.Node) { r.Become = item.Policy(f.text(n, where)) },
		"note":   func(n *yaml.Node) { r.Note = f.text(n, where) },
	})
	return r
}

// check holds the rules to the kinds: a name that nothing has would change
// nothing, unseen.
func (f *presetFile) check(c *Catalog) {
	p := f.preset
	words := checker{tell: f.report}
	if p.Name == "" {
		f.report("preset", "", "preset is missing: the preset's name, as its file is named")
	} else {
		words.name("preset", "", p.Name)
		f.named("preset", p.Name)
	}
	words.words("title", "", p.Title, maxTitle, true)
	words.words("help", "", p.Help, maxHelp, true)
	for i, r := range p.Rules {
		f.checkRule(c, r, ruleAt(i), ruleWhere(i))
	}
	for _, name := range p.Forbid {
		if known := operationNames(c); !slices.Contains(known, name) {
			f.report("forbid", "forbid", fmt.Sprintf("no kind has the operation %s%s", quoted(name), didYouMean(name, known)))
		}
	}
}

func (f *presetFile) checkRule(c *Catalog, r PresetRule, at, where string) {
	for _, name := range slices.Concat(r.Kinds, r.RefersTo) {
		if _, ok := c.Kind(name); !ok {
			f.report(at, where, fmt.Sprintf("unknown kind %s%s", quoted(name), didYouMean(name, kindNames(c))))
		}
	}
	for _, policy := range r.Policies {
		checker{tell: f.report}.oneOf(at+".policies", where, "policy", string(policy), policies)
	}
	switch {
	case r.Keep == (r.Become != ""):
		f.report(at, where, "a rule says either \"keep: true\" or what the policy becomes")
	case r.Become == item.Never:
		f.report(at+".become", where, "a field that travels no more is left out of the mapping, or has a kind of the network's own")
	case !r.Keep:
		checker{tell: f.report}.oneOf(at+".become", where, "policy", string(r.Become), policies)
	}
}

func operationNames(c *Catalog) []string {
	var out []string
	for _, k := range c.Kinds {
		for _, o := range k.Operations {
			out = append(out, o.Name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
