/* Black-Scholes prices in C: the formulas of kernels_pure and, handed in by the compiler's command
 * line, its coefficients; free of branches, so that the compiler can take several options at a time.
 * Spot, strike, tau and volatility are positive. `answer` receives 0 and the mean price.
 */
#include <math.h>
#include <stdint.h>
#include <time.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + 1e-9 * t.tv_nsec;
}

static inline double scaled_tail(double x) {
    double y = x * x;
    double top = ((((A10 * y + A8) * y + A6) * y + A4) * y + A2) * y + A0;
    double low = ((((B10 * y + B8) * y + B6) * y + B4) * y + B2) * y + 1.0;
    top += x * ((((A9 * y + A7) * y + A5) * y + A3) * y + A1);
    low += x * (((((B11 * y + B9) * y + B7) * y + B5) * y + B3) * y + B1);
    return top / low;
}

double prices(
    double unused, int64_t n, const double *restrict spot, const double *restrict strike,
    const double *restrict tau, const double *restrict rate, const double *restrict div,
    const double *restrict vol, const int8_t *restrict right, double *restrict price,
    double *answer) {
    double start = now();
    for (int64_t i = 0; i < n; i++) {
        double stock = spot[i] * exp(-div[i] * tau[i]), cash = strike[i] * exp(-rate[i] * tau[i]);
        double deviation = vol[i] * sqrt(tau[i]);
        double moneyness = log(spot[i] / strike[i]) + (rate[i] - div[i]) * tau[i];
        double d1 = moneyness / deviation + 0.5 * deviation, d2 = d1 - deviation;
        double side1 = copysign(1.0, d1), side2 = copysign(1.0, d2);
        double weight = stock * exp(-0.5 * d1 * d1);
        double tails = side1 * scaled_tail(fabs(d1)) - side2 * scaled_tail(fabs(d2));
        double sure = 0.5 * (stock * (right[i] + side1) - cash * (right[i] + side2));
        double value = sure - weight * tails;
        price[i] = value > 0.0 ? value : 0.0;
    }
    double seconds = now() - start, sum = 0.0;
    for (int64_t i = 0; i < n; i++) sum += price[i];
    (void)unused;
    answer[0] = 0.0;
    answer[1] = sum / n;
    return seconds;
}
