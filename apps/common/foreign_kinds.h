// SPDX-License-Identifier: MIT
// What else images are, in words, and how one gets to what is in them.
#pragma once

#include "libfs/io/image_place.h"
#include "libfs/io/signature.h"

namespace btrkit::apps {

/// "a LUKS encrypted volume (label \"x\"); open it: cryptsetup open ..."
std::string foreign_text(const ImagePlace& place, const Signature& signature);

} // namespace btrkit::apps
