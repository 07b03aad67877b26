const http = require('http');
const server = http.createServer((request, response) => {
  response.setHeader('X-Method', request.method);
  response.end(`you asked for ${request.url}`);
});
server.listen(0, '127.0.0.1', async () => {
  const response = await fetch(`http://127.0.0.1:${server.address().port}/path?x=1`);
  console.log(response.status, response.headers.get('x-method'), await response.text());
  http.get({ port: server.address().port, host: '127.0.0.1', agent: false }, (answer) => answer.resume().on('end', () => server.close(() => console.log('closed', answer.statusCode))));
});
