"""What is the number? One file, one metric: arrays in, one number out; no model, no files, no state."""

from collapse_metrics.metrics.accepted_share import accepted_share
from collapse_metrics.metrics.birthday_support import birthday_support, collision_distance
from collapse_metrics.metrics.chao1 import chao1
from collapse_metrics.metrics.class_share_test import class_share_test
from collapse_metrics.metrics.clipped_coverage import clipped_coverage
from collapse_metrics.metrics.clipped_density import clipped_density
from collapse_metrics.metrics.coverage import coverage
from collapse_metrics.metrics.density import density
from collapse_metrics.metrics.distinct_neighbours import distinct_neighbours
from collapse_metrics.metrics.duplicate_rate import duplicate_rate
from collapse_metrics.metrics.effective_rank import effective_rank
from collapse_metrics.metrics.frechet_distance import frechet_distance, frechet_floor, frechet_from_moments
from collapse_metrics.metrics.high_quality_share import high_quality_ceiling, high_quality_share
from collapse_metrics.metrics.hill_number import hill_number
from collapse_metrics.metrics.intrinsic_dimension_ratio import intrinsic_dimension, intrinsic_dimension_ratio
from collapse_metrics.metrics.js_divergence import js_divergence
from collapse_metrics.metrics.kid import kid
from collapse_metrics.metrics.kl_divergence import kl_divergence
from collapse_metrics.metrics.learnt_images import learnt_images
from collapse_metrics.metrics.loss_balance import loss_balance
from collapse_metrics.metrics.loss_change import loss_change
from collapse_metrics.metrics.loss_oscillation import loss_oscillation
from collapse_metrics.metrics.loss_quadrature import loss_quadrature
from collapse_metrics.metrics.memorisation import memorisation
from collapse_metrics.metrics.mmd_test import mmd_test
from collapse_metrics.metrics.mode_coverage import mode_coverage
from collapse_metrics.metrics.mode_share_test import mode_share_test
from collapse_metrics.metrics.mode_stability import mode_stability
from collapse_metrics.metrics.modes_seen import modes_seen
from collapse_metrics.metrics.ndb import ndb
from collapse_metrics.metrics.nearest_neighbour_accuracy import nearest_neighbour_accuracies, nearest_neighbour_accuracy
from collapse_metrics.metrics.neighbour_metrics import Balls, neighbour_metrics
from collapse_metrics.metrics.neighbour_ratio import neighbour_ratio
from collapse_metrics.metrics.pairwise_diversity import mean_pairwise_distance, pairwise_diversity, spread_of
from collapse_metrics.metrics.pairwise_ms_ssim import pairwise_ms_ssim
from collapse_metrics.metrics.pairwise_ssim import pairwise_ssim
from collapse_metrics.metrics.participation_ratio import participation_ratio
from collapse_metrics.metrics.precision import precision
from collapse_metrics.metrics.rarefied_modes import rarefied_modes
from collapse_metrics.metrics.recall import recall
from collapse_metrics.metrics.rke import rke
from collapse_metrics.metrics.total_variation import total_variation
from collapse_metrics.metrics.vendi_score import vendi_score
from collapse_metrics.metrics.within_mode_diversity import within_mode_diversity
from collapse_metrics.metrics.within_mode_spread import within_mode_spread

__all__ = [
    "Balls",
    "accepted_share",
    "birthday_support",
    "chao1",
    "class_share_test",
    "clipped_coverage",
    "clipped_density",
    "collision_distance",
    "coverage",
    "density",
    "distinct_neighbours",
    "duplicate_rate",
    "effective_rank",
    "frechet_distance",
    "frechet_floor",
    "frechet_from_moments",
    "high_quality_ceiling",
    "high_quality_share",
    "hill_number",
    "intrinsic_dimension",
    "intrinsic_dimension_ratio",
    "js_divergence",
    "kid",
    "kl_divergence",
    "learnt_images",
    "loss_balance",
    "loss_change",
    "loss_oscillation",
    "loss_quadrature",
    "mean_pairwise_distance",
    "memorisation",
    "mmd_test",
    "mode_coverage",
    "mode_share_test",
    "mode_stability",
    "modes_seen",
    "ndb",
    "nearest_neighbour_accuracies",
    "nearest_neighbour_accuracy",
    "neighbour_metrics",
    "neighbour_ratio",
    "pairwise_diversity",
    "pairwise_ms_ssim",
    "pairwise_ssim",
    "participation_ratio",
    "precision",
    "rarefied_modes",
    "recall",
    "rke",
    "spread_of",
    "total_variation",
    "vendi_score",
    "within_mode_diversity",
    "within_mode_spread",
]
