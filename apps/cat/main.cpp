// SPDX-License-Identifier: MIT
#include "apps/cat/cat.h"
#include "apps/common/run_main.h"

int main(int argc, char** argv) {
    return btrkit::apps::run_main(argc, argv, btrkit::apps::run_cat);
}
