/** How many milliseconds something takes. */
export async function took(action: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await action()
  return performance.now() - began
}

/** What a call answers, or the code of its error. */
export function outcomeOf<Answer>(call: Promise<Answer>): Promise<Answer | string> {
  return call.catch((error: Error & { readonly code?: string }) => error.code ?? error.message)
}

/** Tries until it succeeds. @throws its last error, when the limit of milliseconds has passed */
export async function eventually<Answer>(action: () => Answer | Promise<Answer>, limit: number): Promise<Answer> {
  const end = performance.now() + limit
  for (;;) {
    try {
      return await action()
    } catch (error) {
      if (performance.now() >= end) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
