// SPDX-License-Identifier: MIT
#include "apps/usage/verbs.h"
namespace btrkit::apps {
int run_usage_map(std::span<const std::string>, Io&) {
    return 1;
}
} // namespace btrkit::apps
