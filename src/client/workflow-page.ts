/** The page of a workflow in the Temporal UI. @param ui the UI's address, with or without a slash at its end */
export function workflowPage(ui: string, namespace: string, workflowId: string): string {
  const path = `namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(workflowId)}`;
  return `${ui.replace(/\/+$/, '')}/${path}`;
}
