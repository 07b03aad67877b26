try {
  try {
    JSON.parse('{');
  } catch (cause) {
    throw new Error('outer', { cause });
  }
} catch (cause) {
  throw Object.assign(new TypeError('outermost', { cause }), { extra: [1], code: 'E_OUTER' });
}
