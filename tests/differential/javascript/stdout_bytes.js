process.stdout.write(Buffer.from([0xff, 0x00, 0xfe, 0x80, 0x0a]));
process.stdout.write('\ud800 alone\n');
process.stdout.write('68656c6c6f0a', 'hex');
process.stdout.write('\u00e9\n', 'latin1');
process.stderr.write(new Uint8Array([0xc3, 0x28, 0x0a]));
