/**
 * Copies `text`, which also stands in `element`. The clipboard API is missing on plain LAN HTTP, so the
 * old command comes next; where that is refused too, the text is left selected for the person's own keys.
 */
export async function copy(text: string, element: HTMLElement | null): Promise<'copied' | 'selected'> {
  try {
    await navigator.clipboard.writeText(text);
    return 'copied';
  } catch {
    if (element !== null) select(element);
    return commandCopies() ? 'copied' : 'selected';
  }
}

/** The keys that copy on this device. */
export const copyKeys = (): string => (/Mac|iP(hone|ad|od)/.test(navigator.userAgent) ? '⌘C' : 'Ctrl+C');

function select(element: HTMLElement): void {
  const range = document.createRange();
  range.selectNodeContents(element);
  const selection = getSelection();
  selection?.removeAllRanges();
  selection?.addRange(range);
}

function commandCopies(): boolean {
  try {
    // Deprecated, and on insecure origins the only way there is.
    return Reflect.apply(Reflect.get(document, 'execCommand'), document, ['copy']) === true;
  } catch {
    return false;
  }
}
