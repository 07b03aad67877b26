console.log(Error.stackTraceLimit, Error.prepareStackTrace, Object.getOwnPropertyNames(Error), Object.getOwnPropertyDescriptor(Error, 'stackTraceLimit'));
