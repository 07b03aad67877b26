throw { code: 'E_OWN', nested: { deep: [1, 2, { three: 3 }] }, toString() { return 'unused'; } };
