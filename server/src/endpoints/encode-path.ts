/** A decoded path as Go writes it into a URL: whoever reads it finds the same segments in it. */
export function encodePath(path: string): string {
  return path
    .split('/')
    .map((segment) =>
      encodeURIComponent(segment)
        .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
        .replace(/%(?:24|26|2B|2C|3A|3B|3D|40)/g, decodeURIComponent),
    )
    .join('/');
}
