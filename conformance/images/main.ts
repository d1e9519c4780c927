/** `main.ts BUSYBOX ARCHIVE`: writes the image archive and prints the image's name. */
import { busyboxImage, writeBusyboxArchive } from './busybox.ts';

const [program, archive] = process.argv.slice(2);
if (program === undefined || archive === undefined) throw new Error('usage: main.ts BUSYBOX ARCHIVE');
writeBusyboxArchive(program, archive);
console.log(busyboxImage);
