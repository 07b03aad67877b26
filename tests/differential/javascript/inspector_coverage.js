const session = new (require('inspector').Session)();
session.connect();
session.post('Profiler.enable');
session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
(function counted() {})();
session.post('Profiler.takePreciseCoverage', (error, { result }) => console.log(result.filter(({ url }) => !url.startsWith('node:')).map(({ url, functions }) => [url, functions.map(({ functionName }) => functionName)])));
session.disconnect();
