package store

import (
	"context"

	"plait/shared/wire"
)

type conversationKey struct{}

// InConversation binds what is done under ctx to one conversation of an agent:
// ViewStore and WithStore refuse it with CodeOver, in their own transaction, once
// another conversation of the store has begun. So a request that was late, or a
// PC whose clone has come since, changes nothing. A context without a
// conversation, an operator's, is not held to any.
func InConversation(ctx context.Context, conversation string) context.Context {
	return context.WithValue(ctx, conversationKey{}, conversation)
}

// OutOfConversation frees what is done under the returned context: a hello
// belongs to no conversation yet.
func OutOfConversation(ctx context.Context) context.Context {
	return context.WithValue(ctx, conversationKey{}, nil)
}

// inConversation is the check.
func (v *StoreView) inConversation() error {
	id, bound := v.ctx.Value(conversationKey{}).(string)
	if !bound {
		return nil
	}
	c, err := v.Contact()
	if err != nil {
		return err
	}
	if id == "" || id != c.Conversation {
		return wire.Refuse(wire.CodeOver, "this conversation of store %s is over: another one has begun since; say hello again", v.Store.Name)
	}
	return nil
}
