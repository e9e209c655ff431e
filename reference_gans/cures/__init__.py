"""Which changes to GAN training keep the modes alive?"""
