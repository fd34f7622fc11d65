suppressPackageStartupMessages({library(lavaan); library(jsonlite)})
OUT  <- Sys.getenv("ORACLE_OUT", "json")
DATA <- Sys.getenv("ORACLE_DATA", "data")
rd <- function(f) read.csv(file.path(DATA, f))
rows <- function(x) { x <- as.data.frame(unclass(x)); lapply(seq_len(nrow(x)), function(i) as.list(x[i, , drop=FALSE])) }
mat <- function(m) if (is.null(m)) NULL else { m <- unclass(as.matrix(m)); list(rows = rownames(m), cols = colnames(m), values = unname(matrix(as.numeric(m), nrow(m)))) }
vec <- function(v) { v <- unclass(v); as.list(setNames(as.numeric(v), names(v))) }
tr <- function(e) tryCatch(e, error = function(z) list(error = conditionMessage(z)))
# everything we want from a lavaan fit
dump_lav <- function(fit, mi = 20, fs = TRUE, resid = TRUE, std = TRUE) {
  ng <- lavInspect(fit, "ngroups")
  o <- list(lavaan_version = as.character(packageVersion("lavaan")),
            call = list(estimator = lavInspect(fit,"options")$estimator, se = lavInspect(fit,"options")$se,
                        test = lavInspect(fit,"options")$test, missing = lavInspect(fit,"options")$missing,
                        information = lavInspect(fit,"options")$information, likelihood = lavInspect(fit,"options")$likelihood,
                        meanstructure = lavInspect(fit,"options")$meanstructure),
            converged = lavInspect(fit, "converged"), iterations = lavInspect(fit,"iterations"),
            npar = lavInspect(fit,"npar"), nobs = as.list(lavInspect(fit,"nobs")), fmin = lavInspect(fit,"optim")$fx,
            admissible = suppressWarnings(tr(lavInspect(fit,"post.check"))))
  o$params <- tr(rows(parameterEstimates(fit, remove.nonfree = FALSE)))
  if (std) { o$std_all <- tr(rows(standardizedSolution(fit))); o$std_lv <- tr(rows(standardizedSolution(fit, type = "std.lv"))) }
  o$fit <- tr(vec(fitMeasures(fit)))
  o$tests <- tr(lapply(lavInspect(fit,"test"), function(t) t[intersect(names(t), c("test","stat","df","pvalue","scaling.factor","shift.parameter","refdistr"))]))
  o$baseline_tests <- tr(lapply(fit@baseline$test, function(t) t[intersect(names(t), c("test","stat","df","pvalue","scaling.factor","shift.parameter"))]))
  o$r2 <- tr({r <- lavInspect(fit,"rsquare"); if (is.list(r)) lapply(r, vec) else vec(r)})
  lm1 <- function(x) if (is.list(x) && !is.matrix(x)) lapply(x, function(y) if (is.matrix(y)) mat(y) else vec(y)) else if (is.matrix(x)) mat(x) else vec(x)
  lm2 <- function(x) if (ng > 1) lapply(x, lm1) else lm1(x)
  o$implied <- tr(lm2(fitted(fit)))
  o$sampstat <- tr(lm2(lavInspect(fit,"sampstat")))
  o$cov_lv <- tr(lm2(lavInspect(fit,"cov.lv"))); o$cor_lv <- tr(lm2(lavInspect(fit,"cor.lv")))
  if (resid) {
    o$resid_raw <- tr(lm2(lapply(residuals(fit, type="raw")[if (ng>1) seq_len(ng) else seq_along(residuals(fit,type="raw"))], function(z) z)))
    o$resid_cor <- tr({z <- residuals(fit, type="cor.bollen"); if (ng==1) mat(z$cov) else lapply(z, function(y) mat(y$cov))})
  }
  if (mi > 0) o$modindices_top <- tr({m <- modindices(fit, sort. = TRUE); rows(head(m, mi))})
  if (fs) {
    o$fscores_regression_first10 <- tr({f <- lavPredict(fit); if (is.list(f)) lapply(f, function(z) mat(head(z,10))) else mat(head(f,10))})
    o$fscores_bartlett_first10 <- tr({f <- lavPredict(fit, method="Bartlett"); if (is.list(f)) lapply(f, function(z) mat(head(z,10))) else mat(head(f,10))})
  }
  if (ng == 1) o$vcov <- tr(mat(vcov(fit)))
  o
}
lite <- function(fit) dump_lav(fit, mi = 0, fs = FALSE, resid = FALSE)
# total / indirect latent effects with delta method SE come from := ; matrix version here
tot_eff <- function(fit) { B <- lavInspect(fit,"est")$beta; lv <- lavNames(fit,"lv"); B <- B[lv,lv]; T <- solve(diag(nrow(B))-B)-diag(nrow(B)); dimnames(T) <- dimnames(B)
  Bs <- lavInspect(fit,"std")$beta[lv,lv]; Ts <- solve(diag(nrow(Bs))-Bs)-diag(nrow(Bs)); dimnames(Ts) <- dimnames(Bs)
  list(direct=mat(B), total=mat(T), indirect=mat(T-B), direct_std=mat(Bs), total_std=mat(Ts), indirect_std=mat(Ts-Bs)) }
save_case <- function(x, name) { x <- c(list(meta = list(case = name, r = R.version.string, date = format(Sys.time()), platform = R.version$platform)), x)
  write_json(x, file.path(OUT, paste0(name, ".json")), auto_unbox = TRUE, digits = NA, pretty = TRUE, na = "null", null = "null", force = TRUE); cat("saved", name, "\n") }
# ---- models -----------------------------------------------------------------
ECSI_MM <- "
 Image =~ IMAG1 + IMAG2 + IMAG3 + IMAG4 + IMAG5
 Expectation =~ CUEX1 + CUEX2 + CUEX3
 Quality =~ PERQ1 + PERQ2 + PERQ3 + PERQ4 + PERQ5 + PERQ6 + PERQ7
 Value =~ PERV1 + PERV2
 Satisfaction =~ CUSA1 + CUSA2 + CUSA3
 Complaints =~ CUSCO
 Loyalty =~ CUSL1 + CUSL2 + CUSL3
"
ECSI_SM <- "
 Expectation ~ Image
 Quality ~ Expectation
 Value ~ Expectation + Quality
 Satisfaction ~ Image + Expectation + Quality + Value
 Complaints ~ Satisfaction
 Loyalty ~ Image + Satisfaction + Complaints
"
ECSI <- paste(ECSI_MM, ECSI_SM)
ECSI_LAB <- paste(ECSI_MM, "
 Expectation ~ ie*Image
 Quality ~ eq*Expectation
 Value ~ ev*Expectation + qv*Quality
 Satisfaction ~ is*Image + es*Expectation + qs*Quality + vs*Value
 Complaints ~ sc*Satisfaction
 Loyalty ~ il*Image + sl*Satisfaction + cl*Complaints
 ind_quality_value_sat := qv*vs
 tot_quality_sat := qs + qv*vs
 tot_expect_sat := es + ev*vs + eq*(qs + qv*vs)
 tot_image_sat := is + ie*tot_expect_sat
 ind_image_sat := ie*tot_expect_sat
 ind_sat_compl_loy := sc*cl
 tot_sat_loy := sl + sc*cl
 tot_image_loy := il + tot_image_sat*tot_sat_loy
")
ACSI <- "
 Expectation =~ CUEX1 + CUEX2 + CUEX3
 Quality =~ PERQ1 + PERQ2 + PERQ3 + PERQ4 + PERQ5 + PERQ6 + PERQ7
 Value =~ PERV1 + PERV2
 Satisfaction =~ CUSA1 + CUSA2 + CUSA3
 Complaints =~ CUSCO
 Loyalty =~ CUSL1 + CUSL2 + CUSL3
 Quality ~ Expectation
 Value ~ Expectation + Quality
 Satisfaction ~ Expectation + Quality + Value
 Complaints ~ Satisfaction
 Loyalty ~ Satisfaction + Complaints
"
