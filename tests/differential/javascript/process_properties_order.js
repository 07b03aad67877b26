console.log(Object.getOwnPropertyNames(process).join(' '));
