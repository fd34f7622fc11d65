# Cases k*: ordered answers beside continuous ones, latent variances fixed, equal labels, a negative residual, an observed ordered outcome.
# ORACLE_DATA: directory with the CSV files; ORACLE_OUT: where the JSON goes.
source("common.R")
hs <- rd("holzinger_swineford1939.csv")
bins <- function(v, k) as.integer(cut(v, k, labels = FALSE))
whole <- hs
hs$x2 <- bins(hs$x2, 4); hs$x4 <- bins(hs$x4, 3); hs$x5 <- bins(hs$x5, 2); hs$x8 <- bins(hs$x8, 5); hs$x9 <- bins(hs$x9, 2)
cut4 <- c("x2", "x4", "x5", "x8", "x9")
put <- function(name, model, ..., data = hs) {
  f <- sem(model, data, ...); o <- suppressWarnings(lite(f))
  o <- o[intersect(names(o), c("lavaan_version", "call", "converged", "npar", "nobs", "fmin", "params", "std_all", "fit", "tests", "r2"))]
  x <- c(list(meta = list(case = name, r = R.version.string)), o, list(model = model, ordered = list(...)$ordered))
  write_json(x, file.path(OUT, paste0(name, ".json")), auto_unbox = TRUE, digits = NA, pretty = FALSE, na = "null", null = "null", force = TRUE)
  cat(sprintf("%-28s conv=%s npar=%d df=%g chisq=%.6f\n", name, o$converged, o$npar, o$fit$df, o$fit$chisq))
}
MIXED <- "
 visual =~ x1 + x2 + x3
 textual =~ x4 + x5 + x6
 speed =~ x7 + x8 + x9
 textual ~ visual
 speed ~ visual + textual
"
for (e in c("WLSMV", "WLSM", "ULSMV", "DWLS", "WLS", "ULS")) put(paste0("k1_mixed_", tolower(e)), MIXED, ordered = cut4, estimator = e)
put("k1_mixed_wlsmv_theta", MIXED, ordered = cut4, estimator = "WLSMV", parameterization = "theta")
put("k1_mixed_wlsmv_stdlv", MIXED, ordered = cut4, estimator = "WLSMV", std.lv = TRUE)
put("k1_mixed_wlsmv_theta_stdlv", MIXED, ordered = cut4, estimator = "WLSMV", parameterization = "theta", std.lv = TRUE)
EQUAL <- "
 visual =~ x1 + a*x2 + x3
 textual =~ x4 + a*x5 + b*x6
 speed =~ x7 + b*x8 + x9
 textual ~ c*visual
 speed ~ c*visual + d*textual
 indirect := c*d
"
for (p in c("delta", "theta")) put(paste0("k2_equal_", p), EQUAL, ordered = cut4, estimator = "WLSMV", parameterization = p)
HEYWOOD <- sub(" \\+ x9", "", MIXED)
put("k5_heywood_delta", HEYWOOD, ordered = cut4[1:4], estimator = "WLSMV")
two <- whole; two$x4 <- hs$x4; two$x9 <- hs$x9
PROBIT <- "
 visual =~ x1 + x2 + x3
 textual =~ x4 + x5 + x6
 textual ~ visual
 x9 ~ visual + textual
"
for (p in c("delta", "theta")) put(paste0("k4_probit_", p), PROBIT, ordered = c("x4", "x9"), estimator = "WLSMV", parameterization = p, data = two)
LABELS <- sub("x5 \\+ x6", "a*x5 + a*x6", PROBIT)
put("k8_labels_probit", LABELS, ordered = c("x4", "x5", "x9"), estimator = "WLSMV", data = hs)
# difference tests (Satorra 2000) of nested models
nested <- function(name, full, less, ...) {
  f <- suppressWarnings(sem(full, ...)); g <- suppressWarnings(sem(less, ...)); d <- lavTestLRT(f, g)
  x <- list(meta = list(case = name, r = R.version.string), lavaan_version = as.character(packageVersion("lavaan")), full = full, less = less,
    chisq_diff = d[2, "Chisq diff"], df_diff = d[2, "Df diff"], pvalue = d[2, "Pr(>Chisq)"])
  write_json(x, file.path(OUT, paste0(name, ".json")), auto_unbox = TRUE, digits = NA, pretty = FALSE, na = "null", null = "null", force = TRUE)
  cat(sprintf("%-28s %.6f df=%.4f p=%.6f\n", name, x$chisq_diff, x$df_diff, x$pvalue))
}
FULL <- "
 visual =~ x1 + x2 + x3
 textual =~ x4 + x5 + x6
 speed =~ x7 + x8 + x9
 textual ~ visual
 speed ~ visual + textual
"
LESS <- sub("speed ~ visual \\+ textual", "speed ~ 0*visual + 0*textual", FULL)
SAME <- sub("x4 \\+ x5 \\+ x6", "x4 + a*x5 + a*x6", FULL)
for (e in c("WLSMV", "WLSM", "ULSMV")) {
  nested(paste0("k6_paths_", tolower(e)), FULL, LESS, hs, ordered = cut4, estimator = e)
  nested(paste0("k6_loadings_", tolower(e)), FULL, SAME, hs, ordered = cut4, estimator = e)
}
nested("k6_paths_wlsmv_theta", FULL, LESS, hs, ordered = cut4, estimator = "WLSMV", parameterization = "theta")
for (e in c("MLMV", "MLMVS", "MLM")) {
  nested(paste0("k6_paths_", tolower(e)), FULL, LESS, whole, estimator = e)
  nested(paste0("k6_loadings_", tolower(e)), FULL, SAME, whole, estimator = e)
}
nested("k6_loadings_mlmv_means", FULL, SAME, whole, estimator = "MLMV", meanstructure = TRUE)
# modification indices of least squares
modified <- function(name, model, ...) {
  f <- suppressWarnings(sem(model, ...)); m <- modindices(f); m <- m[m$op %in% c("=~", "~~", "~") & !is.na(m$mi), ]
  x <- list(meta = list(case = name, r = R.version.string), lavaan_version = as.character(packageVersion("lavaan")), model = model,
    modindices = rows(m[, c("lhs", "op", "rhs", "mi", "epc", "sepc.all")]))
  write_json(x, file.path(OUT, paste0(name, ".json")), auto_unbox = TRUE, digits = NA, pretty = FALSE, na = "null", null = "null", force = TRUE)
  cat(sprintf("%-28s %d\n", name, nrow(m)))
}
for (e in c("GLS", "ULS", "WLS", "DWLS")) modified(paste0("k7_modified_", tolower(e)), FULL, whole, estimator = e)
for (e in c("WLSMV", "ULSMV", "WLS")) modified(paste0("k7_modified_ordinal_", tolower(e)), FULL, hs, ordered = cut4, estimator = e)
modified("k7_modified_ordinal_theta", FULL, hs, ordered = cut4, estimator = "WLSMV", parameterization = "theta")
