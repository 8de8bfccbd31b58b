/**
 * The x that minimises Σ wᵣ (aᵣ · x − bᵣ)² + Σ λᵢ xᵢ² (Tikhonov regularisation), by Cholesky's decomposition of the normal equations. `rows` are n numbers each;
 * every λ must be above 0, so that there is always one solution.
 */
export function ridge(
  rows: readonly ArrayLike<number>[],
  wanted: ArrayLike<number>,
  weights: ArrayLike<number>,
  lambda: ArrayLike<number>,
): Float64Array {
  const n = lambda.length;
  const matrix = new Float64Array(n * n);
  const right = new Float64Array(n);
  for (let i = 0; i < n; i++) matrix[i * n + i] = lambda[i]!;
  for (const [r, row] of rows.entries()) {
    const weight = weights[r]!;
    for (let i = 0; i < n; i++) {
      const value = weight * row[i]!;
      if (value === 0) continue;
      right[i]! += value * wanted[r]!;
      for (let k = 0; k <= i; k++) matrix[i * n + k]! += value * row[k]!;
    }
  }
  return solve(matrix, right, n);
}

/** Solves the symmetric positive definite system whose lower half is `matrix`; both arguments are used up. */
function solve(matrix: Float64Array, right: Float64Array, n: number): Float64Array {
  for (let i = 0; i < n; i++) {
    for (let k = 0; k <= i; k++) {
      let sum = matrix[i * n + k]!;
      for (let j = 0; j < k; j++) sum -= matrix[i * n + j]! * matrix[k * n + j]!;
      matrix[i * n + k] = i === k ? Math.sqrt(sum) : sum / matrix[k * n + k]!;
    }
  }
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) right[i]! -= matrix[i * n + j]! * right[j]!;
    right[i]! /= matrix[i * n + i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let j = i + 1; j < n; j++) right[i]! -= matrix[j * n + i]! * right[j]!;
    right[i]! /= matrix[i * n + i]!;
  }
  return right;
}
