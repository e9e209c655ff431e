"""Which networks play? One file a family, all small enough to be read at once."""

from reference_gans.networks.dcgan import (
    quick_stack_discriminator,
    quick_stack_generator,
    stack_discriminator,
    stack_generator,
    student_discriminator,
    student_generator,
)
from reference_gans.networks.digits import (
    conv_discriminator,
    conv_generator,
    mlp_discriminator,
    mlp_generator,
    upsampling_generator,
)
from reference_gans.networks.layered import Layers, OwnDropout, picture_discriminator, picture_generator
from reference_gans.networks.line import (
    Position,
    Slope,
    keras_start,
    line_discriminator,
    line_generator,
    pattern_discriminator,
    pattern_generator,
    position,
    slope,
)
from reference_gans.networks.plane import (
    NoiseGain,
    Scale,
    Waves,
    grid_discriminator,
    grid_generator,
    plane_discriminator,
    plane_generator,
)

__all__ = [
    "Layers",
    "NoiseGain",
    "OwnDropout",
    "Position",
    "Scale",
    "Slope",
    "Waves",
    "conv_discriminator",
    "conv_generator",
    "grid_discriminator",
    "grid_generator",
    "keras_start",
    "line_discriminator",
    "line_generator",
    "mlp_discriminator",
    "mlp_generator",
    "pattern_discriminator",
    "pattern_generator",
    "picture_discriminator",
    "picture_generator",
    "plane_discriminator",
    "plane_generator",
    "position",
    "quick_stack_discriminator",
    "quick_stack_generator",
    "slope",
    "stack_discriminator",
    "stack_generator",
    "student_discriminator",
    "student_generator",
    "upsampling_generator",
]
