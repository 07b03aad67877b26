console.log(process.eventNames());
for (const event of process.eventNames()) console.log(event, process.listenerCount(event), process.listeners(event).map(String));
console.log(process.getMaxListeners(), process._events && Object.keys(process._events), process._eventsCount);
