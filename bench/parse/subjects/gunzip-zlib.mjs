/** zlib: gunzipSync of the whole; createGunzip, fed piece by piece as it takes them, with default or larger output pieces. */
import { createGunzip, gunzipSync } from 'node:zlib';

export async function open({ octets, pieces }, options = {}) {
  return {
    /** Decodes once; the content goes to `take` in pieces. */
    async decode(take) {
      if (pieces === null) {
        take(gunzipSync(octets));
        return;
      }
      const stream = createGunzip(options);
      await new Promise((resolve, reject) => {
        let next = 0;
        const feed = () => {
          while (next < pieces.length && stream.write(pieces[next++]));
          if (next === pieces.length) stream.end();
          else stream.once('drain', feed);
        };
        stream.on('data', take).on('end', resolve).on('error', reject);
        feed();
      });
    },
  };
}
