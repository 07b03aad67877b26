// Nothing in this program is collected before it ends its first turn.
const reference = new WeakRef({ a: 1 });
const registry = new FinalizationRegistry(() => console.log('never'));
registry.register(reference.deref(), 1);
console.log(reference.deref(), registry, registry.unregister({}));
