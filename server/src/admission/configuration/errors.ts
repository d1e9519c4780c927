/** A plugin's configuration can be read but not be worked with: upstream tells these apart in its message. */
export class PluginInitializationError extends Error {
  override name = 'PluginInitializationError';
}
