# The languages, the warnings, and what all targets are compiled with.
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_CXX_STANDARD 17)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

add_compile_definitions(_GNU_SOURCE BESRA_VERSION="${PROJECT_VERSION}")
add_compile_options(-Wall -Wextra -Wshadow -Wundef -Wvla
                    "$<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes;-Wmissing-prototypes;-Wpointer-arith;-Wwrite-strings>")
if(BESRA_WERROR)
  add_compile_options(-Werror)
endif()

# Results must not depend on the compiler's mood: no fused multiply-add but where we write one.
add_compile_options(-ffp-contract=off -fno-math-errno)

if(BESRA_SANITIZE)
  add_compile_options(-fsanitize=${BESRA_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${BESRA_SANITIZE})
endif()
