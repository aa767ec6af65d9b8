// The side of a worker that answers: messages {id, call, model, values} get {id, result} or {id, error}.

/** @param {Record<string, (model: string, ...values: any[]) => any>} calls */
export function answerWith(calls) {
  self.onmessage = async ({ data: { id, call, model, values } }) => {
    try {
      self.postMessage({ id, result: await calls[call](model, ...values) });
    } catch (error) {
      self.postMessage({ id, error: { name: error.name, message: error.message } });
    }
  };
}
