class OwnError extends Error {
  name = 'OwnError';
  #hidden = 1;
  get detail() { return this.#hidden; }
}
const error = new OwnError('shown');
console.log(error);
console.log({ nested: error }, [error.detail]);
console.error(error);
console.log(Object.assign(new Error('with\nlines'), { stack: 'no stack' }), Object.assign(new Error('gone'), { stack: undefined }));
