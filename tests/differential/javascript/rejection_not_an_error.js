Promise.reject({ code: 'plain object', nested: [1, { two: 2 }] });
