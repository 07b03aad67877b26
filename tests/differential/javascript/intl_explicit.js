console.log((1234567.891).toLocaleString('de-DE'), new Date(0).toLocaleDateString('ar-EG', { dateStyle: 'full' }), 'I'.toLocaleLowerCase('tr'));
console.log(new Intl.PluralRules('pl').select(3), new Intl.RelativeTimeFormat('fr').format(-2, 'day'), [...new Intl.Segmenter('ja').segment('\u4e2d\u6587')].length, new Intl.ListFormat('es').format(['a', 'b']));
