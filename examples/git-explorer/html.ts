/** Text that is HTML already, made by {@link html} alone. */
export class Html {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

type Fragment = Html | readonly Html[] | string | number

/** HTML with holes. What fills them is text, and is escaped, unless it is HTML itself. */
export function html(parts: TemplateStringsArray, ...fragments: readonly Fragment[]): Html {
  return new Html(parts.reduce((text, part, index) => text + textOf(fragments[index - 1] ?? '') + part))
}

function textOf(fragment: Fragment): string {
  if (fragment instanceof Html) return fragment.text
  if (typeof fragment === 'object') return fragment.map((item) => item.text).join('')
  return escape(String(fragment))
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => escapes[character] ?? '')
}
