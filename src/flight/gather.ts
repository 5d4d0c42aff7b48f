/**
 * Collects what is asked in one turn of the event loop and asks it as one: a hundred reads become one multi-get.
 * The collecting ends with the microtasks that were queued before the first question, so nobody waits for a timer.
 */
export class Gather<Question, Answer> {
  readonly #askAll: (questions: readonly Question[]) => Promise<readonly Answer[]>
  #pending: Pending<Question, Answer>[] = []

  /** @param askAll answers a list of questions, in their order */
  constructor(askAll: (questions: readonly Question[]) => Promise<readonly Answer[]>) {
    this.#askAll = askAll
  }

  /** Asks some questions together with everybody else's of this turn. */
  ask(questions: readonly Question[]): Promise<readonly Answer[]> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ questions, resolve, reject })
      if (this.#pending.length === 1) queueMicrotask(() => this.#flush())
    })
  }

  #flush(): void {
    const pending = this.#pending
    this.#pending = []
    const [only] = pending
    const questions = pending.length === 1 && only ? only.questions : allOf(pending)
    const fail = (error: unknown): void => pending.forEach((one) => one.reject(error))
    // Whoever is asked may throw rather than reject, or answer something that is no list: those who asked are told so.
    try {
      this.#askAll(questions)
        .then((answers) => distribute(pending, answers))
        .catch(fail)
    } catch (error) {
      fail(error)
    }
  }
}

interface Pending<Question, Answer> {
  readonly questions: readonly Question[]
  readonly resolve: (answers: readonly Answer[]) => void
  readonly reject: (error: unknown) => void
}

// Every remote hit comes through here: `flatMap` would cost as much as all the rest.
function allOf<Question, Answer>(pending: readonly Pending<Question, Answer>[]): readonly Question[] {
  const all: Question[] = []
  for (const { questions } of pending) for (const question of questions) all.push(question)
  return all
}

function distribute<Question, Answer>(pending: readonly Pending<Question, Answer>[], answers: readonly Answer[]): void {
  if (pending.length === 1) return pending[0]?.resolve(answers)
  let from = 0
  for (const { questions, resolve } of pending) {
    resolve(answers.slice(from, from + questions.length))
    from += questions.length
  }
}
