import { compileMessage } from '@lingui/message-utils/compileMessage';
import type { Plugin } from 'vite';

/**
 * Compiles the ICU messages of `src/i18n/*.json` while building, so that the browser gets
 * Lingui's small arrays and no ICU parser. A message that is not ICU stops the build.
 */
export function messages(): Plugin {
  return {
    name: 'acehls-messages',
    enforce: 'pre',
    transform(code, id) {
      if (!/\/src\/i18n\/\w+\.json$/.test(id)) return null;
      const catalogue: Record<string, string> = JSON.parse(code);
      const compiled = Object.entries(catalogue).map(([key, text]) => [key, compileMessage(text)]);
      return { code: JSON.stringify(Object.fromEntries(compiled)), map: null };
    },
  };
}
