throw Object.create(null, { message: { value: 'bare', enumerable: true } });
