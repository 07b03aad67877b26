// What is made by its first use, and works.
console.log(typeof fetch, typeof WebSocket, typeof CompressionStream, typeof navigator, navigator.hardwareConcurrency > 0, typeof crypto.subtle, typeof localStorage === 'undefined' || 'storage', typeof EventSource);
console.log(new URL('x?y=1', 'http://h/').href, new Headers({ A: 'b' }).get('a'), new Blob(['b']).size, [...new FormData()].length, new Event('e').timeStamp >= 0, new DOMException('m', 'AbortError').code);
