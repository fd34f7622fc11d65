# PLS anchors: semPLS, plspm, seminr, cSEM on ECSI mobi; ACSI structure; plspm satisfaction
suppressPackageStartupMessages({library(jsonlite)})
source("common.R")
mobi <- rd("mobi_seminr.csv")
lvs <- c("Image","Expectation","Quality","Value","Satisfaction","Complaints","Loyalty")
blocks <- list(Image=paste0("IMAG",1:5), Expectation=paste0("CUEX",1:3), Quality=paste0("PERQ",1:7), Value=paste0("PERV",1:2), Satisfaction=paste0("CUSA",1:3), Complaints="CUSCO", Loyalty=paste0("CUSL",1:3))
edges <- list(Image=c("Expectation","Satisfaction","Loyalty"), Expectation=c("Quality","Value","Satisfaction"), Quality=c("Value","Satisfaction"), Value="Satisfaction", Satisfaction=c("Complaints","Loyalty"), Complaints="Loyalty")
acsi_blocks <- blocks[-1]; acsi_edges <- edges[-1]
satd <- rd("satisfaction_plspm.csv"); sat_blocks <- list(IMAG=paste0("imag",1:5),EXPE=paste0("expe",1:5),QUAL=paste0("qual",1:5),VAL=paste0("val",1:4),SAT=paste0("sat",1:4),LOY=paste0("loy",1:4))
sat_edges <- list(IMAG=c("EXPE","SAT","LOY"),EXPE=c("QUAL","VAL","SAT"),QUAL=c("VAL","SAT"),VAL="SAT",SAT="LOY")   # plspm doc model
pathmat <- function(blocks, edges) { l <- names(blocks); P <- matrix(0,length(l),length(l),dimnames=list(l,l)); for (f in names(edges)) P[edges[[f]], f] <- 1; P }
named <- function(x) vec(x)
# ---------------- plspm ----------------
run_plspm <- function(data, blocks, edges, scheme, mode="A", boot=0, seed=123, scaled=TRUE) {
  suppressPackageStartupMessages(library(plspm))
  P <- pathmat(blocks, edges)
  if (boot>0) set.seed(seed)
  m <- plspm(data, P, blocks, modes=rep_len(mode, length(blocks)), scheme=scheme, tol=1e-10, maxiter=1000, scaled=scaled, boot.val=boot>0, br=if (boot>0) boot else NULL)
  o <- list(package=paste("plspm", packageVersion("plspm")), scheme=scheme, mode=mode, scaled=scaled, tol=1e-10, iterations=m$model$iter,
    outer_model=rows(m$outer_model), path_coefs=mat(m$path_coefs), inner_summary=c(list(lv=rownames(m$inner_summary)), as.list(m$inner_summary)), effects=rows(m$effects),
    unidim=c(list(lv=rownames(m$unidim)), as.list(m$unidim)), gof=m$gof, crossloadings=rows(m$crossloadings), inner_model=lapply(m$inner_model, mat), scores_first10=mat(head(m$scores,10)), score_cor=mat(cor(m$scores)))
  o$scores_rescaled_first10 <- tr(mat(head(plspm::rescale(m),10)))
  o$scores_rescaled_mean <- tr(vec(colMeans(plspm::rescale(m))))
  if (boot>0) o$boot <- lapply(m$boot, function(z) list(rows=rownames(z), table=rows(z)))
  o
}
for (s in c("centroid","factorial","path")) { save_case(run_plspm(mobi, blocks, edges, s), paste0("e1_plspm_ecsi_", s, "_A")) }
for (s in c("centroid","factorial","path")) save_case(tr(run_plspm(mobi, blocks, edges, s, "B")), paste0("e1_plspm_ecsi_", s, "_B"))
save_case(run_plspm(mobi, blocks, edges, "path", rep("A",7), scaled=FALSE), "e1_plspm_ecsi_path_A_unscaled")
save_case(run_plspm(mobi, blocks, edges, "path", c("B",rep("A",6))), "e1_plspm_ecsi_path_ImageB_restA")
t0 <- Sys.time(); b <- run_plspm(mobi, blocks, edges, "path", boot=2000); b$boot_seconds <- as.numeric(Sys.time()-t0, units="secs"); save_case(b, "e2_plspm_ecsi_path_A_boot2000")
save_case(run_plspm(mobi, acsi_blocks, acsi_edges, "path"), "b3_plspm_acsi_path_A"); save_case(run_plspm(mobi, acsi_blocks, acsi_edges, "centroid"), "b3_plspm_acsi_centroid_A")
for (s in c("centroid","factorial","path")) save_case(run_plspm(satd, sat_blocks, sat_edges, s), paste0("c4_plspm_satisfaction_", s, "_A"))
# rescaled scores on the raw metric: plspm mobile (0-100)
mob <- rd("mobile_plspm_0_100.csv"); mb <- list(Image=paste0("ima",1:5),Expectation=paste0("exp",1:3),Quality=paste0("qua",1:7),Value=paste0("val",1:2),Satisfaction=paste0("sat",1:3),Complaints="comp",Loyalty=paste0("loy",1:3))
save_case(run_plspm(mob, mb, edges, "path"), "e1_plspm_mobile0_100_path_A"); save_case(run_plspm(mob, mb, edges, "centroid"), "e1_plspm_mobile0_100_centroid_A")
# groups / multi group: permutation
set.seed(11); pl <- plspm(satd, pathmat(sat_blocks,sat_edges), sat_blocks, modes=rep("A",6), scheme="path", tol=1e-10, maxiter=1000)
gt <- tr({set.seed(11); z <- plspm.groups(pl, factor(satd$gender), method="permutation", reps=200); list(test=rows(z$test), rows=rownames(z$test), global=vec(z$global), group1=vec(z$group1), group2=vec(z$group2))}); save_case(gt, "c5_plspm_satisfaction_gender_permutation200")
gb <- tr({set.seed(11); z <- plspm.groups(pl, factor(satd$gender), method="bootstrap", reps=200); list(test=rows(z$test), rows=rownames(z$test))}); save_case(gb, "c5_plspm_satisfaction_gender_bootstrap200")
# REBUS
rb <- tr({set.seed(5); z <- plspm(satd, pathmat(sat_blocks,sat_edges), sat_blocks, modes=rep("A",6), scheme="centroid"); h <- res.clus(z); r <- it.reb(z, h, nk=2, stop.crit=0.005, iter.max=100); list(path=mat(r$path.coef), loadings=mat(r$loadings), quality=mat(r$quality), segments=as.integer(r$segments))}); save_case(rb, "c6_plspm_satisfaction_rebus2")
if ("package:plspm" %in% search()) detach("package:plspm")
# ---------------- semPLS ----------------
e <- new.env(); load(file.path(DATA, "ECSImobi.rda"), e); mod <- e$ECSImobi
ns <- asNamespace("semPLS")
for (s in c("centroid","factorial","pathWeighting")) { m <- semPLS::sempls(mod, mobi, wscheme=s, tol=1e-10, maxit=500, verbose=FALSE)
 save_case(list(package="semPLS 1.0-10", scheme=s, iterations=m$iterations, outer_weights=mat(m$outer_weights), outer_loadings=mat(m$outer_loadings), cross_loadings=mat(m$cross_loadings), path_coefficients=mat(m$path_coefficients), total_effects=mat(m$total_effects), rsquared=tr(mat(semPLS::rSquared(m))), dgrho=tr(mat(semPLS::dgrho(m))), communality=tr(mat(semPLS::communality(m))), redundancy=tr(mat(semPLS::redundancy(m))), gof=tr(mat(semPLS::gof(m))), qSquared_blindfolding_d7=tr(mat(semPLS::qSquared(m, d=7))), scores_first10=mat(head(m$factor_scores,10))), paste0("e3_semPLS_ecsi_", s, "_A"))
}
