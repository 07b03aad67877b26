throw new Error('first line, first column');
