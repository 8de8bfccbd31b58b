// Runs before anything is drawn, so that a chosen theme does not flash: the same entry as `model/preferences.ts`.
try {
  const { theme } = JSON.parse(localStorage.getItem('visavis') ?? '{}');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // No storage, or not ours: the system's theme stands.
}
