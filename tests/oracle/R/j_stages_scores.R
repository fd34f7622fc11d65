# Cases j*: two-stage estimates, robust two-stage ones, factor scores with standard errors.
# ORACLE_DATA: directory with the CSV files; ORACLE_OUT: where the JSON goes.
source("common.R")
hs <- rd("holzinger_swineford1939.csv")
hs$grade[is.na(hs$grade)] <- 7
holes <- hs; for (k in c(1:3, 7:9)) holes[[paste0("x", k)]][(seq_len(nrow(hs)) * (k + 3)) %% 13 == 0] <- NA
write_case <- function(name, x) write_json(c(list(meta = list(case = name, r = R.version.string)), x), file.path(OUT, paste0(name, ".json")),
  auto_unbox = TRUE, digits = NA, pretty = FALSE, na = "null", null = "null", force = TRUE)
put <- function(name, f, model) {
  o <- suppressWarnings(lite(f)); o <- o[intersect(names(o), c("lavaan_version", "call", "converged", "npar", "nobs", "fmin", "params", "std_all", "fit", "tests"))]
  write_case(name, c(o, list(model = model))); cat(sprintf("%-28s conv=%s df=%g chisq=%.6f\n", name, o$converged, o$fit$df, o$fit$chisq))
}
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
RELATED <- "
 visual =~ x1 + a*x2 + b*x3
 textual =~ x4 + c*x5 + x6
 speed =~ x7 + x8 + x9
 textual ~ d*visual
 speed ~ e*visual + f*textual
 a == 2*b - 0.5
 d == e^2 + 0.2
"
for (m in c("two.stage", "robust.two.stage")) {
  put(paste0("j1_latent_", gsub(".", "_", m, fixed = TRUE)), sem(MEANS, holes, missing = m), MEANS)
  put(paste0("j1_related_", gsub(".", "_", m, fixed = TRUE)), sem(RELATED, holes, missing = m), RELATED)
}
scored <- function(name, f, model, rows = 12) {
  out <- list(model = model)
  for (m in c("regression", "Bartlett")) {
    p <- lavPredict(f, method = m, se = "standard"); s <- attr(p, "se")[[1]]
    out[[tolower(m)]] <- list(constructs = colnames(p), scores = unname(unclass(head(p, rows))[, ]), se = unname(s[seq_len(min(rows, nrow(s))), , drop = FALSE]))
  }
  write_case(name, out); cat(name, "\n")
}
THREE <- "
 visual =~ x1 + x2 + x3
 textual =~ x4 + x5 + x6
 speed =~ x7 + x8 + x9
 textual ~ visual
 speed ~ visual + textual
"
scored("j2_scores", sem(THREE, hs), THREE)
scored("j2_scores_means", sem(MEANS, hs), MEANS)
scored("j2_scores_fiml", sem(THREE, holes, missing = "fiml"), THREE, 40)
MIMIC <- "
 visual =~ x1 + x2 + x3
 speed =~ x7 + x8 + x9
 visual ~ ageyr + grade
 speed ~ visual + grade
"
scored("j2_scores_mimic", sem(MIMIC, hs), MIMIC)
scored("j2_scores_mimic_means", sem(MIMIC, hs, meanstructure = TRUE), MIMIC)
SINGLE <- "
 visual =~ x1 + x2 + x3
 one =~ x4
 one ~ visual
"
scored("j2_scores_single", sem(SINGLE, hs), SINGLE)
